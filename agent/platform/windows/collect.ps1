# Reads the state of a Windows PC and writes one JSON document to standard output. It changes nothing.
#
# Windows PowerShell 5.1; started by windows-machine.ts. Rules that a test holds:
# - Pure ASCII, and the output is pure ASCII as well, whatever the code page of the console.
# - Runs in Constrained Language Mode: only cmdlets, CIM and core types. What needs more says so in its section.
# - No translated text is written or decided on: SIDs, GUIDs, KB numbers, enumerations as numbers, times in UTC.
# - No secret is read: no recovery password, no logon password, no key. Paths and names of persons stay on the PC.
# - Windows Update over COM is not asked here: it can hang, and has a process of its own (search-updates.ps1).

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$cimSeconds = 15
$sections = @{}

# Language-neutral words about a failure; the message itself is translated and stays here.
function Get-Failure($record) {
  $cause = $record.Exception
  while ($null -ne $cause.InnerException) { $cause = $cause.InnerException }
  @{
    hresult  = $cause.HResult
    category = [string]$record.CategoryInfo.Category
    id       = [string]$record.FullyQualifiedErrorId
  }
}

# Each section answers for itself: a failure of one never hides another. The work must give one hashtable.
function Add-Section([string] $name, [scriptblock] $work) {
  $started = Get-Date
  $entry = @{ ok = $false; ms = 0; error = $null; data = $null }
  try {
    $entry.data = & $work
    $entry.ok = $true
  } catch {
    $entry.error = Get-Failure $_
  }
  $entry.ms = [int]((Get-Date) - $started).TotalMilliseconds
  $sections[$name] = $entry
}

function Get-Utc($time) {
  if ($null -eq $time) { return $null }
  $time.ToUniversalTime().ToString('o')
}

# Only the values named are read, so that nothing else can leave by accident.
function Read-Key([string] $path, [string[]] $names) {
  $answer = @{ state = 'ok'; entries = @{}; unreadable = @() }
  try {
    $present = @((Get-Item -LiteralPath $path).Property)
  } catch {
    $answer.state = switch ([string]$_.CategoryInfo.Category) {
      'ObjectNotFound' { 'absent' }
      'PermissionDenied' { 'denied' }
      default { 'unreadable' }
    }
    return $answer
  }
  foreach ($name in $names) {
    if ($present -notcontains $name) { continue }
    try {
      $answer.entries[$name] = (Get-ItemProperty -LiteralPath $path -Name $name).$name
    } catch {
      $answer.unreadable += $name
    }
  }
  $answer
}

# State of a key and the names of its values and subkeys, without any content.
function Read-Presence([string] $path) {
  $answer = Read-Key $path @()
  $answer.valueCount = 0
  $answer.subkeyCount = 0
  if ($answer.state -eq 'ok') {
    $key = Get-Item -LiteralPath $path
    $answer.valueCount = [int]$key.ValueCount
    $answer.subkeyCount = [int]$key.SubKeyCount
  }
  $answer
}

function Read-Cim([string] $namespace, [string] $query) {
  @(Get-CimInstance -Namespace $namespace -Query $query -OperationTimeoutSec $cimSeconds)
}

function Invoke-Read($instance, [string] $method, $arguments) {
  if ($null -eq $arguments) { $arguments = @{} }
  Invoke-CimMethod -InputObject $instance -MethodName $method -Arguments $arguments -OperationTimeoutSec $cimSeconds
}

# No hit is an error of its own (NoMatchingEventsFound) and means an empty list. Properties instead of the message:
# the message is translated and slow.
function Read-Events($filter, [int] $max) {
  try {
    $found = @(Get-WinEvent -FilterHashtable $filter -MaxEvents $max)
  } catch {
    if ([string]$_.FullyQualifiedErrorId -like 'NoMatchingEventsFound*') { return }
    throw
  }
  foreach ($record in $found) {
    @{
      id     = [int]$record.Id
      at     = Get-Utc $record.TimeCreated
      fields = @($record.Properties | Select-Object -First 8 | ForEach-Object { [string]$_.Value })
    }
  }
}

$windows = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion'
$policies = 'HKLM:\SOFTWARE\Policies\Microsoft'
$system = 'HKLM:\SYSTEM\CurrentControlSet'

Add-Section 'version' {
  @{
    key = Read-Key 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' @(
      'CurrentBuild', 'UBR', 'DisplayVersion', 'ReleaseId', 'EditionID', 'InstallationType', 'InstallDate')
  }
}

Add-Section 'system' {
  $os = Read-Cim 'root/cimv2' 'SELECT Caption,Version,OperatingSystemSKU,ProductType,LastBootUpTime FROM Win32_OperatingSystem' |
    Select-Object -First 1
  @{
    caption    = [string]$os.Caption
    version    = [string]$os.Version
    sku        = $os.OperatingSystemSKU
    type       = $os.ProductType
    lastBootAt = Get-Utc $os.LastBootUpTime
  }
}

Add-Section 'esu' {
  $query = "SELECT ID,LicenseStatus FROM SoftwareLicensingProduct WHERE ID='f520e45e-7413-4a34-a497-d2765967d094'" +
    " OR ID='1043add5-23b1-4afb-9a0f-64343c8f3f8d' OR ID='83d49986-add3-41d7-ba33-87c7bfb5c0fb'"
  @{ licences = @(Read-Cim 'root/cimv2' $query | ForEach-Object { @{ id = [string]$_.ID; status = $_.LicenseStatus } }) }
}

Add-Section 'restart' {
  $servicing = "$windows\Component Based Servicing"
  $update = "$windows\WindowsUpdate"
  $renames = Read-Key "$system\Control\Session Manager" @('PendingFileRenameOperations', 'PendingFileRenameOperations2')
  # Pairs of source and target. Only their number leaves: the paths name persons.
  $sources = @()
  foreach ($name in @('PendingFileRenameOperations', 'PendingFileRenameOperations2')) {
    $all = @($renames.entries[$name])
    for ($index = 0; $index -lt $all.Count; $index += 2) { if ([string]$all[$index] -ne '') { $sources += [string]$all[$index] } }
  }
  $inWindows = @($sources | Where-Object { $_ -like "*\??\$env:SystemRoot\*" -and $_ -notlike '*\Temp\*' -and $_ -notlike '*\SystemTemp\*' })
  @{
    rebootPending     = Read-Presence "$servicing\RebootPending"
    rebootInProgress  = Read-Presence "$servicing\RebootInProgress"
    packagesPending   = Read-Presence "$servicing\PackagesPending"
    servicing         = Read-Key "$servicing\Interface" @('ServicingInProgress')
    rebootRequired    = Read-Presence "$update\Auto Update\RebootRequired"
    servicesPending   = Read-Presence "$update\Services\Pending"
    activeName        = Read-Key "$system\Control\ComputerName\ActiveComputerName" @('ComputerName')
    nextName          = Read-Key "$system\Control\ComputerName\ComputerName" @('ComputerName')
    domainJoin        = @{ state = (Read-Presence "$system\Services\Netlogon").state
      pending = [bool]@((Read-Key "$system\Services\Netlogon" @('JoinDomain', 'AvoidSpnSet')).entries.Keys).Count }
    intune            = Read-Presence 'HKLM:\SOFTWARE\Microsoft\IntuneManagementExtension\RebootSettings\RebootFlag'
    updateExeVolatile = Read-Key 'HKLM:\SOFTWARE\Microsoft\Updates' @('UpdateExeVolatile')
    fileReplacements  = @{ state = $renames.state; count = $sources.Count; inWindows = $inWindows.Count }
  }
}

Add-Section 'configurationManager' {
  $there = @(Read-Cim 'root' "SELECT Name FROM __NAMESPACE WHERE Name='ccm'").Count -gt 0
  if (-not $there) { return @{ present = $false } }
  $answer = Invoke-CimMethod -Namespace 'root/ccm/ClientSDK' -ClassName 'CCM_ClientUtilities' -MethodName 'DetermineIfRebootPending' -OperationTimeoutSec $cimSeconds
  @{ present = $true; returnValue = $answer.ReturnValue; hard = $answer.IsHardRebootPending; pending = $answer.RebootPending }
}

Add-Section 'updatePolicy' {
  @{
    policy = Read-Key "$policies\Windows\WindowsUpdate" @(
      'WUServer', 'DoNotConnectToWindowsUpdateInternetLocations', 'DisableWindowsUpdateAccess',
      'DeferQualityUpdates', 'DeferQualityUpdatesPeriodInDays', 'DeferFeatureUpdates', 'DeferFeatureUpdatesPeriodInDays',
      'SetPolicyDrivenUpdateSourceForQualityUpdates')
    automatic = Read-Key "$policies\Windows\WindowsUpdate\AU" @('NoAutoUpdate', 'AUOptions', 'UseWUServer', 'UseUpdateClassPolicySource')
    device = Read-Key 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\Update' @(
      'DeferQualityUpdatesPeriodInDays', 'DeferFeatureUpdatesPeriodInDays', 'AllowAutoUpdate')
    effective = Read-Key 'HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\Settings' @(
      'PausedQualityStatus', 'PausedFeatureStatus')
    user = Read-Key 'HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings' @('PauseUpdatesExpiryTime')
    service = Read-Key "$system\Services\wuauserv" @('Start')
  }
}

# Servicing writes what it installed here, in every language with the same words (2 state reached, 3 failed, 4 restart needed).
Add-Section 'setupEvents' {
  $filter = @{ LogName = 'Setup'; ProviderName = 'Microsoft-Windows-Servicing'; Id = 2, 3, 4 }
  @{ events = @(Read-Events $filter 120) }
}

# 19 installed, 20 failed; times are exact and in UTC, unlike those of the update history.
Add-Section 'updateEvents' {
  $filter = @{ LogName = 'System'; ProviderName = 'Microsoft-Windows-WindowsUpdateClient'; Id = 19, 20 }
  @{ events = @(Read-Events $filter 120) }
}

Add-Section 'defender' {
  $status = Read-Cim 'root/Microsoft/Windows/Defender' ('SELECT AMRunningMode,AMServiceEnabled,AntivirusEnabled,RealTimeProtectionEnabled,' +
    'IsTamperProtected,DefenderSignaturesOutOfDate,AntivirusSignatureAge,AntivirusSignatureLastUpdated,QuickScanEndTime,FullScanEndTime,' +
    'RebootRequired,ProductStatus FROM MSFT_MpComputerStatus') | Select-Object -First 1
  @{
    present       = $null -ne $status
    mode          = [string]$status.AMRunningMode
    service       = $status.AMServiceEnabled
    enabled       = $status.AntivirusEnabled
    realTime      = $status.RealTimeProtectionEnabled
    tamper        = $status.IsTamperProtected
    outOfDate     = $status.DefenderSignaturesOutOfDate
    signatureAge  = $status.AntivirusSignatureAge
    signaturesAt  = Get-Utc $status.AntivirusSignatureLastUpdated
    quickScanAt   = Get-Utc $status.QuickScanEndTime
    fullScanAt    = Get-Utc $status.FullScanEndTime
    restart       = $status.RebootRequired
    productStatus = $status.ProductStatus
  }
}

Add-Section 'securityCenter' {
  $antivirus = Read-Cim 'root/SecurityCenter2' 'SELECT displayName,productState FROM AntiVirusProduct'
  $firewall = Read-Cim 'root/SecurityCenter2' 'SELECT displayName,productState FROM FirewallProduct'
  @{
    antivirus = @($antivirus | ForEach-Object { @{ name = [string]$_.displayName; productState = $_.productState } })
    firewall  = @($firewall | ForEach-Object { @{ name = [string]$_.displayName; productState = $_.productState } })
  }
}

# The active store is what policy and local settings give together; the default store is only the local part.
Add-Section 'firewall' {
  $service = Read-Cim 'root/cimv2' "SELECT State FROM Win32_Service WHERE Name='mpssvc'" | Select-Object -First 1
  $profiles = @(Get-NetFirewallProfile -PolicyStore ActiveStore)
  @{
    service  = [string]$service.State
    profiles = @($profiles | ForEach-Object {
        @{ name = [string]$_.Name; enabled = [int]$_.Enabled; inbound = [int]$_.DefaultInboundAction }
      })
  }
}

# The property ProtectionStatus is wrong on some builds; the methods are asked, and no method that gives a key or password.
Add-Section 'bitlocker' {
  $volumes = @(Read-Cim 'root/CIMV2/Security/MicrosoftVolumeEncryption' 'SELECT * FROM Win32_EncryptableVolume')
  $letter = $env:SystemDrive
  @{
    volumes = @($volumes | ForEach-Object {
        $protection = Invoke-Read $_ 'GetProtectionStatus'
        $conversion = Invoke-Read $_ 'GetConversionStatus'
        $method = Invoke-Read $_ 'GetEncryptionMethod'
        $lock = Invoke-Read $_ 'GetLockStatus'
        $kinds = @()
        $ids = Invoke-Read $_ 'GetKeyProtectors' @{ KeyProtectorType = [uint32]0 }
        foreach ($id in @($ids.VolumeKeyProtectorID)) {
          if ($null -ne $id) { $kinds += (Invoke-Read $_ 'GetKeyProtectorType' @{ VolumeKeyProtectorID = [string]$id }).KeyProtectorType }
        }
        @{
          letter           = [string]$_.DriveLetter
          system           = ([string]$_.DriveLetter -eq $letter)
          type             = $_.VolumeType
          protectionResult = $protection.ReturnValue
          protection       = $protection.ProtectionStatus
          conversionResult = $conversion.ReturnValue
          conversion       = $conversion.ConversionStatus
          percentage       = $conversion.EncryptionPercentage
          method           = $method.EncryptionMethod
          lock             = $lock.LockStatus
          protectorResult  = $ids.ReturnValue
          protectors       = @($kinds)
        }
      })
  }
}

Add-Section 'tpm' {
  $chips = @(Read-Cim 'root/CIMV2/Security/MicrosoftTpm' 'SELECT SpecVersion,IsEnabled_InitialValue,IsActivated_InitialValue,IsOwned_InitialValue FROM Win32_Tpm')
  @{ chips = @($chips | ForEach-Object {
        @{ version = [string]$_.SpecVersion; enabled = $_.IsEnabled_InitialValue; activated = $_.IsActivated_InitialValue; owned = $_.IsOwned_InitialValue }
      })
  }
}

Add-Section 'secureBoot' {
  @{
    state     = Read-Key "$system\Control\SecureBoot\State" @('UEFISecureBootEnabled')
    servicing = Read-Key "$system\Control\SecureBoot\Servicing" @('UEFICA2023Status', 'WindowsUEFICA2023Capable', 'UEFICA2023Error')
  }
}

Add-Section 'hardening' {
  $winlogon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
  $logon = Read-Key $winlogon @('AutoAdminLogon')
  $passwordThere = $false
  if ($logon.state -eq 'ok') { $passwordThere = @((Get-Item -LiteralPath $winlogon).Property) -contains 'DefaultPassword' }
  @{
    uac             = Read-Key "$windows\Policies\System" @('EnableLUA', 'ConsentPromptBehaviorAdmin', 'InactivityTimeoutSecs')
    lsa             = Read-Key "$system\Control\Lsa" @('RunAsPPL')
    logon           = $logon
    passwordThere   = $passwordThere
    rdp             = Read-Key "$system\Control\Terminal Server" @('fDenyTSConnections')
    rdpPolicy       = Read-Key "$policies\Windows NT\Terminal Services" @('fDenyTSConnections', 'UserAuthentication')
    rdpListener     = Read-Key "$system\Control\Terminal Server\WinStations\RDP-Tcp" @('UserAuthentication')
    smbServer       = Read-Key "$system\Services\LanmanServer\Parameters" @('SMB1')
    smbClientDriver = Read-Key "$system\Services\mrxsmb10" @('Start')
    lapsDevice      = Read-Key 'HKLM:\SOFTWARE\Microsoft\Policies\LAPS' @('BackupDirectory')
    lapsPolicy      = Read-Key "$windows\Policies\LAPS" @('BackupDirectory')
    lapsLocal       = Read-Key "$windows\LAPS\Config" @('BackupDirectory')
    lapsLegacy      = Read-Key 'HKLM:\SOFTWARE\Policies\Microsoft Services\AdmPwd' @('AdmPwdEnabled')
    screenPolicy    = Read-Key "$policies\Windows\System" @('EnableSmartScreen', 'ShellSmartScreenLevel')
    screenSetting   = Read-Key "$windows\Explorer" @('SmartScreenEnabled')
  }
}

# Lock of the screen in every profile that is loaded; whose profile it is does not leave.
Add-Section 'screenLock' {
  $names = @('ScreenSaveActive', 'ScreenSaverIsSecure', 'ScreenSaveTimeOut')
  $hives = @(Get-ChildItem -LiteralPath 'Registry::HKEY_USERS' -Name | Where-Object { $_ -match '^S-1-(5-21|12-1)-[0-9-]+$' })
  @{
    profiles = @($hives | ForEach-Object {
        @{
          policy  = Read-Key "Registry::HKEY_USERS\$_\Software\Policies\Microsoft\Windows\Control Panel\Desktop" $names
          setting = Read-Key "Registry::HKEY_USERS\$_\Control Panel\Desktop" $names
        }
      })
  }
}

Add-Section 'features' {
  $query = "SELECT Name,InstallState FROM Win32_OptionalFeature WHERE Name='SMB1Protocol' OR Name='MicrosoftWindowsPowerShellV2'"
  @{ features = @(Read-Cim 'root/cimv2' $query | ForEach-Object { @{ name = [string]$_.Name; state = $_.InstallState } }) }
}

Add-Section 'deviceGuard' {
  $guard = Read-Cim 'root/Microsoft/Windows/DeviceGuard' 'SELECT VirtualizationBasedSecurityStatus,SecurityServicesRunning FROM Win32_DeviceGuard' |
    Select-Object -First 1
  @{ status = $guard.VirtualizationBasedSecurityStatus; running = @($guard.SecurityServicesRunning) }
}

# By SID: the group has another name in every language. Names of accounts do not leave.
Add-Section 'administrators' {
  $members = @()
  $way = 'cmdlet'
  try {
    $members = @(Get-LocalGroupMember -SID 'S-1-5-32-544' | ForEach-Object { @{ sid = [string]$_.SID; source = [int]$_.PrincipalSource; class = $null } })
  } catch {
    # The cmdlet fails as a whole when one member cannot be resolved; ADSI does not. Not allowed in Constrained Language Mode.
    $way = 'adsi'
    $group = Get-CimInstance -ClassName Win32_Group -Filter "LocalAccount=TRUE AND SID='S-1-5-32-544'" -OperationTimeoutSec $cimSeconds
    $container = [ADSI]("WinNT://./" + $group.Name + ",group")
    foreach ($member in @($container.Invoke('Members'))) {
      $bytes = $member.GetType().InvokeMember('ObjectSid', 'GetProperty', $null, $member, $null)
      $class = $member.GetType().InvokeMember('Class', 'GetProperty', $null, $member, $null)
      $sid = New-Object System.Security.Principal.SecurityIdentifier($bytes, 0)
      $members += @{ sid = $sid.Value; source = $null; class = [string]$class }
    }
  }
  @{
    way     = $way
    members = $members
    users   = @(Get-LocalUser | ForEach-Object { @{ sid = [string]$_.SID; enabled = [bool]$_.Enabled } })
    groups  = @(Get-LocalGroup | ForEach-Object { [string]$_.SID })
  }
}

Add-Section 'software' {
  $names = @('DisplayName', 'DisplayVersion', 'Publisher', 'InstallDate', 'EstimatedSize', 'SystemComponent', 'ParentKeyName', 'ReleaseType')
  $packages = @()
  $broken = 0
  $places = @{ '64' = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'; '32' = 'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall' }
  foreach ($bits in @('64', '32')) {
    if (-not (Test-Path -LiteralPath $places[$bits])) { continue }
    foreach ($key in @(Get-ChildItem -LiteralPath $places[$bits])) {
      $present = @($key.Property)
      if ($present -notcontains 'DisplayName') { continue }
      $wanted = @($names | Where-Object { $present -contains $_ })
      try {
        $values = Get-ItemProperty -LiteralPath $key.PSPath -Name $wanted
      } catch {
        $broken += 1
        continue
      }
      $package = @{ bits = $bits; valueCount = $present.Count }
      foreach ($name in $wanted) { $package[$name] = $values.$name }
      $packages += $package
    }
  }
  @{ packages = $packages; broken = $broken }
}

# --- Backups: what agent/backup/windows reads. Products are looked for by words in names of services, programs and tasks. ---

$backupWords = @('backup', 'sicher(?!heit)', 'veeam', 'acronis', 'aakore', 'wbengine', 'SDRSVC', 'fhsvc', 'synology', 'bareos', 'bacula', 'sesam',
  'novastor', 'langmeier', 'macrium', 'datto', 'unitrends', 'arcserve', 'CASAD2D', 'CAARC', 'commvault', '\bGx[A-Z]', 'netbackup', 'veritas',
  'tivoli', '\bTSM\b', 'dsmc', 'retrospect', 'retrorun', 'duplicati', 'kopia', 'storagecraft', 'shadowprotect', '\bspx', 'msp360', 'cloudberry',
  'redstor', 'attix5', 'arx ?one', 'ahsay', 'obengine', 'mms\.exe', 'restic', 'borg', 'rclone', '\bESE\b', 'onedrive')
$backupPattern = $backupWords -join '|'
$profilePattern = '^S-1-(5-21|12-1)-[0-9-]+$'

Add-Section 'backupPlaces' {
  @{
    windows  = Read-Key $windows @('ProgramFilesDir', 'ProgramFilesDir (x86)')
    profiles = Read-Key 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList' @('ProgramData')
  }
}

# Of a service only its program leaves: what follows on its command line may hold a password.
Add-Section 'backupServices' {
  $all = Read-Cim 'root/cimv2' 'SELECT Name,PathName,Started FROM Win32_Service'
  @{
    services = @($all | Where-Object { ([string]$_.Name + ' ' + [string]$_.PathName) -match $backupPattern } | ForEach-Object {
        $image = ''
        if ([string]$_.PathName -match '^\s*"?([^"]+?\.exe)') { $image = $Matches[1] }
        @{
          name       = [string]$_.Name
          image      = $image
          started    = $_.Started
          start      = Read-Key "$system\Services\$($_.Name)" @('Start')
          parameters = Read-Key "$system\Services\$($_.Name)\Parameters" @('ScheduleLog')
        }
      })
  }
}

Add-Section 'backupKeys' {
  $software = 'HKLM:\SOFTWARE'
  @{
    veeam           = Read-Key "$software\Veeam\Veeam Agent for Microsoft Windows" @('Version')
    veeamEndpoint   = Read-Key "$software\Veeam\Veeam Endpoint Backup" @('DisplayVersion', 'Version')
    acronis         = Read-Key "$software\Acronis\BackupAndRecovery\Settings\MachineManager" @('ProductVersion')
    macrium         = Read-Key "$software\Macrium\Reflect" @('Version')
    arcserve        = Read-Key "$software\Arcserve\Unified Data Protection\Engine" @('InstallPath', 'Path', 'Version')
    arcserveOld     = Read-Key "$software\CA\ARCserve Unified Data Protection\Engine" @('InstallPath', 'Path', 'Version')
    commvault       = Read-Key "$software\CommVault Systems\Galaxy\Instance001" @('sProductVersion')
    netbackup       = Read-Key "$software\Veritas\NetBackup\CurrentVersion" @('VERSION')
    windowsBackup   = Read-Presence "$windows\WindowsBackup"
    systemRestore   = Read-Key "$software\Microsoft\Windows NT\CurrentVersion\SystemRestore" @('RPSessionInterval')
  }
}

# Tasks whose programs look like a backup, and those of known products. Arguments may hold passwords: the names of the
# programs and the words that were found leave, nothing else of them.
Add-Section 'backupTasks' {
  $words = @('backup', 'sicher(?!heit)', 'wbadmin', 'robocopy', 'restic', 'borg', 'kopia', 'duplicati', 'rclone', '\b7z[ar]?\b', 'vssadmin|vshadow|diskshadow',
    'persbackup', 'reflect\.exe')
  $found = @()
  $broken = 0
  foreach ($task in @(Get-ScheduledTask)) {
    $path = [string]$task.TaskPath
    $known = $path -match '^\\(Microsoft\\Windows\\(Backup|WindowsBackup)|Macrium)\\'
    $actions = @($task.Actions | Where-Object { $null -ne $_.Execute })
    $line = @($actions | ForEach-Object { [string]$_.Execute + ' ' + [string]$_.Arguments }) -join ' '
    $matching = @($words | Where-Object { $line -match $_ })
    if (-not $known -and ($path -like '\Microsoft\*' -or $matching.Count -eq 0)) { continue }
    $info = $null
    try {
      $info = Get-ScheduledTaskInfo -TaskName $task.TaskName -TaskPath $task.TaskPath
    } catch {
      $broken += 1
    }
    $found += @{
      name      = [string]$task.TaskName
      path      = $path
      state     = [int]$task.State
      runLevel  = [int]$task.Principal.RunLevel
      logonType = [int]$task.Principal.LogonType
      programs  = @($actions | ForEach-Object { (([string]$_.Execute -replace '"', '') -split '[\\/]')[-1] })
      words     = $matching
      waits     = $line -match '\s-w(\s|$)'
      result    = $info.LastTaskResult
      lastAt    = Get-Utc $info.LastRunTime
      nextAt    = Get-Utc $info.NextRunTime
    }
  }
  @{ tasks = $found; broken = $broken }
}

# The newest events of a log by number, and how far back the log reaches: while its first record is there, "none" means never.
# A filter in XPath also finds events whose program is gone. Fields are the insertion strings, in the order of the program.
function Read-Log([string] $log, [string] $where, [int] $max, [int] $width) {
  $answer = @{ state = 'ok'; oldestRecord = $null; oldestAt = $null; max = $max; events = @() }
  try {
    $oldest = Get-WinEvent -LogName $log -Oldest -MaxEvents 1
    $answer.oldestRecord = $oldest.RecordId
    $answer.oldestAt = Get-Utc $oldest.TimeCreated
    $answer.events = @(Get-WinEvent -LogName $log -FilterXPath "*[System[$where]]" -MaxEvents $max | ForEach-Object {
        @{
          id     = [int]$_.Id
          level  = $_.Level
          record = $_.RecordId
          at     = Get-Utc $_.TimeCreated
          fields = @($_.Properties | Select-Object -First $width | ForEach-Object { Get-Field $_.Value })
        }
      })
  } catch {
    $failure = Get-Failure $_
    if ($failure.id -like 'NoMatchingEventsFound*') { return $answer }
    $answer.state = 'unreadable'
    if ($failure.id -like 'NoMatchingLogsFound*') { $answer.state = 'absent' }
    if ($failure.category -eq 'PermissionDenied' -or $failure.hresult -eq -2147024891) { $answer.state = 'denied' }
  }
  $answer
}

function Get-Field($value) {
  if ($value -is [datetime]) { return Get-Utc $value }
  $text = [string]$value
  if ($text.Length -gt 400) { return $text.Substring(0, 400) }
  $text
}

Add-Section 'backupEvents' {
  # Programs that write to the log of applications stand in the registry. Their names come from there: only those with plain
  # characters reach a filter.
  $sources = @(Get-ChildItem -LiteralPath "$system\Services\EventLog\Application" -Name |
      Where-Object { $_ -match '^[A-Za-z0-9 ._()-]{1,80}$' -and $_ -match $backupPattern })
  $answer = @{ sources = $sources }
  $veeam = 'EventID=110 or (EventID>=190 and EventID<=197) or EventID=4030 or EventID=23010 or EventID=23050 or EventID=23090'
  $answer.veeam = Read-Log 'Veeam Agent' $veeam 200 6
  $server = '(EventID>=1 and EventID<=9) or EventID=14 or (EventID>=17 and EventID<=23) or (EventID>=49 and EventID<=52) or EventID=99 or EventID=146'
  $answer.windowsBackup = Read-Log 'Microsoft-Windows-Backup' $server 200 8
  $family = 'EventID=517 or EventID=518 or EventID=521 or (EventID>=527 and EventID<=528) or (EventID>=544 and EventID<=546) or EventID=561 or (EventID>=564 and EventID<=565)'
  $answer.windowsBackupFailures = Read-Log 'Application' "Provider[@Name='Microsoft-Windows-Backup'] and ($family)" 60 2
  $answer.fileHistory = Read-Log 'Microsoft-Windows-FileHistory-Core/WHC' 'EventID=100' 30 2
  # What follows the code is a path in the profile of a person.
  $answer.fileHistoryFailures = Read-Log 'Microsoft-Windows-FileHistory-Core/WHC' 'EventID>=200 and EventID<=204' 30 1
  $programs = @(
    @{ name = 'shadowProtect'; source = '^ShadowProtectSVC$'; where = 'EventID>=1120 and EventID<=1122' }
    @{ name = 'spx'; source = '^ShadowProtectSPX$'; where = 'EventID>=3 and EventID<=5' }
    @{ name = 'redstor'; source = '^ESE agent$'; where = 'EventID>=4096 and EventID<=4105' }
    @{ name = 'arxOne'; source = '^Arx ?One'; where = 'EventID=1' }
    @{ name = 'macrium'; source = '^Macrium'; where = 'Level<=4' }
    @{ name = 'retrospect'; source = '^Retro'; where = 'Level<=4' }
  )
  foreach ($program in $programs) {
    $names = @($sources | Where-Object { $_ -match $program.source } | Select-Object -First 3)
    if ($names.Count -eq 0) {
      $answer[$program.name] = @{ state = 'absent'; oldestRecord = $null; oldestAt = $null; max = 0; events = @() }
      continue
    }
    $providers = @($names | ForEach-Object { "@Name='$_'" }) -join ' or '
    $answer[$program.name] = Read-Log 'Application' "Provider[$providers] and ($($program.where))" 100 4
  }
  $answer
}

# Bus of the disk behind each path: 7 = USB. Where a backup goes to tells whether it burns with the PC.
Add-Section 'backupDrives' {
  $disks = @{}
  foreach ($disk in @(Read-Cim 'root/Microsoft/Windows/Storage' 'SELECT Number,BusType FROM MSFT_Disk')) { $disks[[string]$disk.Number] = $disk.BusType }
  $parts = Read-Cim 'root/Microsoft/Windows/Storage' 'SELECT DiskNumber,AccessPaths FROM MSFT_Partition'
  @{ drives = @($parts | Where-Object { $null -ne $_.AccessPaths } | ForEach-Object {
        @{ paths = @($_.AccessPaths | ForEach-Object { [string]$_ }); bus = $disks[[string]$_.DiskNumber] }
      })
  }
}

# Profiles of persons: where they lie, for files the products keep there, and numbers from the registry where it is loaded.
# None of this is reported; a person's jobs go by a hash of the SID.
Add-Section 'backupProfiles' {
  $list = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList'
  $loaded = @(Get-ChildItem -LiteralPath 'Registry::HKEY_USERS' -Name)
  @{
    profiles = @(Get-ChildItem -LiteralPath $list -Name | Where-Object { $_ -match $profilePattern } | Select-Object -First 64 | ForEach-Object {
        $sid = $_
        $answer = @{ sid = $sid; loaded = ($loaded -contains $sid); place = Read-Key "$list\$sid" @('ProfileImagePath') }
        if ($answer.loaded) {
          $hive = "Registry::HKEY_USERS\$sid\Software"
          $history = Read-Key "$hive\Microsoft\Windows\CurrentVersion\FileHistory" @('ProtectedUpToTime')
          $answer.fileHistory = @{ state = $history.state; protectedUpTo = [string]$history.entries['ProtectedUpToTime'] }
          $answer.oneDrive = @('Business1', 'Business2', 'Personal' | ForEach-Object {
              $account = Read-Key "$hive\Microsoft\OneDrive\Accounts\$_" @('KfmFoldersProtectedNow', 'UserFolder')
              $folder = [string]$account.entries['UserFolder']
              $shell = Read-Key "$hive\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders" @('Desktop', 'Personal', 'My Pictures')
              $inside = @(@($shell.entries.Values) | Where-Object { $folder -ne '' -and ([string]$_).ToLower().StartsWith($folder.ToLower() + '\') })
              @{ account = $_; state = $account.state; protectedNow = $account.entries['KfmFoldersProtectedNow']; foldersInside = $inside.Count }
            })
          $uninstall = "$hive\Microsoft\Windows\CurrentVersion\Uninstall"
          $answer.programs = @()
          if (Test-Path -LiteralPath $uninstall) {
            foreach ($key in @(Get-ChildItem -LiteralPath $uninstall)) {
              $program = Read-Key $key.PSPath @('DisplayName', 'DisplayVersion')
              if ([string]$program.entries['DisplayName'] -notmatch $backupPattern) { continue }
              $answer.programs += @{ DisplayName = $program.entries['DisplayName']; DisplayVersion = $program.entries['DisplayVersion'] }
            }
          }
        }
        $answer
      })
  }
}

Add-Section 'restorePoints' {
  $points = Read-Cim 'root/default' 'SELECT SequenceNumber,CreationTime FROM SystemRestore'
  @{ points = @($points | ForEach-Object { @{ number = $_.SequenceNumber; at = [string]$_.CreationTime } }) }
}

$document = @{
  version  = 1
  takenAt  = Get-Utc (Get-Date)
  language = [string]$ExecutionContext.SessionState.LanguageMode
  sections = $sections
}
$json = ConvertTo-Json -InputObject $document -Depth 8 -Compress
# JSON may hold every character as an escape; with ASCII alone no code page can damage it, and no console has to be switched.
$parts = foreach ($part in ($json -split '([^\x00-\x7f])')) {
  if ($part.Length -eq 1 -and [int][char]$part -gt 127) { '\u{0:x4}' -f [int][char]$part } else { $part }
}
Write-Output ($parts -join '')
